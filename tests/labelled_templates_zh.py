"""Templates in Chinese that rules are measured with; who writes rules does not read them. See `labelled_text`."""

from __future__ import annotations

from labelled_text import templates

FORMS = templates(
    "zh",
    """
个人简历
姓　　名：«person:zh»　　性别：女
出生年月：1992年3月　　籍贯：湖南长沙
⟨手机号码|联系方式|移动电话⟩：«phone:cn»
⟨电子邮箱|E-mail|邮件⟩：«email»
⟨现住址|家庭住址|通讯地址⟩：«address:cn»
工作经历：«-date»至今，«-company_zh»，软件工程师（Java «-version»）
""",
    """
【顺丰速运】寄件人：«person:zh» «phone:cn» «address:city»
收件人：«person:zh» «phone:cn» «address:cn»
运单号：«-tracking»　重量：1.2kg　代收货款：«-price»
""",
    """
⟨法定代表人|负责人|经办人⟩：«person:zh»
统一社会信用代码：91440300MA5F«-short»
注册地址：«address:cn»
⟨联系电话|电话|咨询电话⟩：«phone:cn_fixed»
成立日期：«-date»　注册资本：500万元
""",
    """
<tr><td>姓名</td><td>«person:zh»</td><td>身份证号码</td><td>«resident_id»</td></tr>
<tr><td>电话</td><td>«phone:cn»</td><td>学号</td><td>2019«-number»</td></tr>
""",
    """
租赁合同（节选）
出租方（甲方）：«person:zh»，身份证号：«resident_id»
承租方（乙方）：«person:zh»，⟨身份证|公民身份号码⟩：«resident_id:wide»
一、甲方将位于«address:cn»的房屋出租给乙方使用，租期自«-date»起。
二、租金汇入甲方账户：中国建设银行，⟨卡号|账号⟩«card:union»，户名«person:zh»。
""",
    """
⟨患者|病人姓名|患者姓名⟩：«person:zh»　住院号：«-number»　床号：12-3
家属电话：«phone:cn»　　住址：«address:district»
主治医师签名：«person:zh»
""",
    """
报名表：姓名:«person:zh»;手机:«phone:cn»;身份证:«resident_id»;邮箱:«email:qq»;队名:闪电队;编号:«-order»
""",
    """
{"mobile": "«phone:cn»", "idCard": "«resident_id»", "addr": "«address:cn»", "orderNo": "«-order»", "ts": «-epoch»}
""",
    """
车牌号码：«licence_plate:cn»　　车辆识别代号：LSVAU033«-number»
⟨驾驶人|车主姓名|驾驶员⟩：«person:zh»　　档案编号：«-number»
违法时间：«-date»　罚款：200元
""",
    """
出境旅客：«person:zh»（⟨护照号|护照号码|护照⟩：«passport:cn»），航班CZ3101，座位31A，票号784-«-number»。
""",
    """
收款人：«person:zh»
开户行：招商银行深圳分行　　银行卡号：«card:union»
汇款金额：«-price»　流水号：«-order»
""",
)
PROSE = templates(
    "zh",
    """
我叫«person:zh»，家住«address:city»，电话«phone:cn»，想问一下社保怎么转。
""",
    """
转让九成新婴儿车，«address:district»自提，价格«-price»，微信同号«phone:cn»，非诚勿扰，联系人«person:surname»女士。
""",
    """
昨天下午，«person:surname»先生驾驶一辆牌照为«licence_plate:green»的新能源车途经«address:road»附近，与一辆«licence_plate:cn»货车相撞。
""",
    """
招聘启事：本店诚招服务员两名，月薪4000-6000元，有意者请致电«person:surname»经理：«phone:cn»，或«phone:cn_fixed»，地址：«address:city»。
""",
    """
尊敬的«person:surname»老师：您好！请于«-date»前把材料寄到«address:cn»，«person:zh»收，邮编100081，电话«phone:cn_fixed»转8012。
""",
    """
本公告由我局负责解释。联系人：«person:zh»、«person:zh»；电话：«phone:cn_fixed»，传真：«phone:cn_fixed»；邮箱：«email:work»；监督电话：12345。
""",
    """
客服邮箱是«email:work»，客服电话«phone:cn_400»（工作日9:00-18:00）。总部位于«address:city»，公交320路、地铁4号线可到。
""",
    """
江湖旧事第3章：掌柜的道：“«person:surname»大夫昨日去了城里。”
""",
    """
感谢各位！打赏地址：BTC «wallet:legacy»，以太坊钱包：«wallet:ethereum»，波场：«wallet:tron»。区块高度«-number»，交易哈希«-sha256»。
""",
    """
露营点的⟨GPS坐标|坐标|经纬度⟩：«coordinates»，海拔1532米；另一处为«coordinates:chinese»。
""",
    """
海外同学请拨打«phone:cn_mobile_intl»或«phone:hk_fixed_intl»，国内请拨«phone:cn_fixed»。期刊ISSN «-issn»，书号«-isbn»。
""",
    """
汇款请用境外账户 IBAN：«iban»，信用卡支付卡号«card»，有效期09/27。
""",
    """
⟨刚才|今早⟩有人冒充快递让我加QQ，我的邮箱«email:qq»收到了验证码823746，对方号码是«phone:cn»，还知道我的身份证«resident_id»。
""",
    """
申请人：«person:zh»
⟨被申请人|委托代理人⟩：«person:zh»，住«address:cn»。
案号：（2021）粤0304民初«-number»号
""",
)
MACHINES = templates(
    "zh",
    """
«-time» [ERROR] 用户登录失败，来源IP：«ip»，目标«-private_ip»，耗时35ms，traceId=«-md5»
«-time» [INFO] 短信已发送至«phone:cn»，模板SMS_«-number»
""",
    """
# 配置文件，切勿提交
spring.datasource.url=jdbc:mysql://10.0.0.5:3306/crm
redis.url=redis://«url_credentials»@10.0.0.6:6379/0
aliyun.mail=«email:work»
aws.accessKeyId=«api_key:aws»
github.token=«api_key:github»  # 令牌
""",
    """
请求头加上 Authorization: Bearer «api_key:jwt» 即可；谷歌地图密钥为«api_key:google»，OpenAI 的是«api_key:openai»。
""",
    """
路由器设备列表：
小米手机　«mac»　«-private_ip»
电视　　　«mac:hyphens»　«-private_ip»
公网地址：«ip»，IPv6：«ip:v6»
""",
    """
服务器私钥如下，请保存为 server.key：
«private_key:pkcs8»
公钥：
«-certificate»
""",
    """
SELECT * FROM users WHERE phone='«phone:cn»' AND id_card = '«resident_id»' AND plate = '«licence_plate:cn»';
""",
    """
姓名,手机,邮箱,备注
匿名,«phone:cn»,«email:qq»,订单«-order»
匿名,«phone:cn»,«email»,快递«-tracking»
""",
)
TRADITIONAL = templates(
    "zh",
    """
訂購人姓名：«person:tw»
⟨行動電話|手機號碼|連絡電話⟩：«phone:tw»
⟨寄送地址|收件地址|通訊地址⟩：«address:tw»
信用卡號：«card»　訂單編號：«-order»
""",
    """
⟨承辦人|聯絡人⟩：«person:tw»　電話：«phone:tw_fixed»　電子信箱：«email:work»　機關地址：«address:tw»
發文字號：府教字第«-number»號　發文日期：中華民國110年3月5日
""",
    """
本校位於«address:tw»，洽詢專線«phone:tw_fixed»，國際電話«phone:tw_fixed_intl»。«person:tw_surname»小姐敬上
""",
    """
申請人«person:tw_surname»先生持中華民國護照（護照號碼：«passport:us»），香港聯絡電話：«phone:hk_mobile_intl»。
""",
)

ODD = templates(
    "zh",
    """
外贸部«person:surname»小姐，手机/微信：«phone:cn_86»，邮箱«email:hidden»，办公室在«address:city»。
""",
    """
@所有人：物业通知，«address:road»（«address:district»）今日停水，请联系«person:surname»师傅，«phone:cn»。单号«-order»。
""",
    """
学生姓名：«person:zh»；家长姓名：«person:zh»；家长电话：«phone:cn»、«phone:cn»；家庭地址：«address:city»。
""",
    """
被告人«person:zh»，男，公民身份号码«resident_id»，住«address:cn»。辩护人«person:zh»，广东某律师事务所律师。
""",
    """
发件人: «person:zh» <«email»>
收件人: "«person:zh»" <«email:qq»>
主题: 关于«-company_zh»合同«-invoice»的问题
""",
    """
失物招领：捡到身份证一张，姓名«person:zh»，号码«resident_id»；另有银行卡（尾号8821）一张，请到«address:road»门卫处领取。
""",
)
