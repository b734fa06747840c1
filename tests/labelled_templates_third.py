"""The templates written last, by who had seen neither the rules nor what they missed before; scored once, as they were
written. See `labelled_text`."""

from __future__ import annotations

from labelled_text import templates

ENGLISH = templates(
    "en",
    """
Council delays vote on parking fees

By «person» | «-date»

«-sentence» «-sentence»

Contact the reporter at «email:work» or «phone:dashed».""",
    """
2 Responses to “Grandma's rhubarb pie”

«person» says:
«-date» at 10:14 am
Used half the sugar and it was still too sweet for us. Reply

«person:first» says:
«-date» at 7:02 pm
Thanks «person:first», will try that! Reply""",
    """
[Users] build fails on ARM
«person» «email:hidden»
«-date»

    Previous message: [Users] release «-version»
    Messages sorted by: [ date ] [ thread ] [ subject ] [ author ]

On «-date», «person» <«email»> wrote:
> Does it work with the older compiler?

No, same error.""",
    """
Return-Path: <«email»>
From: "«person»" <«email»>
Reply-To: «email»
To: «person» <«email:work»>
Subject: FW: Lease «-invoice»

Hi «person:first»,

see below. The tenant, Mr. «person:last», has moved to «address:us» and wants his deposit back.

Thanks!
«person:first»

Sent from my iPhone""",
    """
-----Original Message-----
From: 	«person:comma»
Sent:	Monday, March 05, 2001 9:12 AM
To:	«person:comma»; «person:comma»
Cc:	«person»
Subject:	RE: gas contract

Fine with me, but have legal look at section 4 first.

«person:first»""",
    """
1. APPLICANT'S LAST NAME: «person:last»     FIRST NAME: «person:first»     M.I.: R
2. PRESENT ADDRESS (Street, City, State, ZIP): «address:us»
3. YEARS AT THIS ADDRESS: 4     4. DAYTIME PHONE: «phone:us_fixed»
5. NAME OF SPOUSE: «person»     6. SOCIAL SECURITY NO.: «ssn»
FOR OFFICE USE ONLY    Received «-date»    File «-number»""",
    """
MINUTES OF THE PLANNING BOARD, Regular Meeting of «-date»
Members present: «person», Chair; «person», Vice Chair; «person:initial»; «person»
Absent: «person»
Mr. «person:last» moved, seconded by Mrs. «person:last», to approve the variance for «address:street». Motion carried 4-0.
The meeting adjourned at 8:45 p.m. Respectfully submitted, «person», Secretary""",
    """
Mrs. «person:initial», 84, of «address:street», died Sunday after a short illness. Friends may call from 2 to 4 p.m. at
the funeral home, «address:us». Memorial gifts may be sent to the library fund, «address:pobox».""",
    """
Name	Title	Office	Phone	E-mail
«person:comma»	Assistant Professor	Hall 204	«phone:dashed»	«email:work»
«person:comma»	Lecturer	Hall 117	«phone:dashed»	«email:work»
«person:comma»	Department Secretary	Hall 101	«phone:dashed»	«email:work»""",
    """
CONTACT US

«-company»
Attn: «person», Customer Relations
«address:lines»

Phone: «phone:us_fixed»
Fax: «phone:us_fixed»""",
    """
«address:us»
3 bd · 2 ba · 1,640 sqft · Built in 1978 · «-price»
Listed by: «person», «-company», «phone:us_mobile»
MLS # «-number». Open house Sunday 1-3 pm.""",
    """
«person:upper»,
          Plaintiff,
     v.                                     Case No. «-number»
«-company», et al.,
          Defendants.

Attorney for Plaintiff: «person:initial», Esq.
«address:lines»
Telephone: «phone:us_fixed»""",
    """
{"id": «-number», "first_name": "«person:first»", "last_name": "«person:last»", "email": "«email»",
 "address": {"line1": "«address:street»", "line2": null, "country": "US"}, "created": "«-time»"}""",
    """
order_id,ship_to_name,ship_to_address,phone,total
«-number»,«person»,"«address:us»",«phone:dashed»,18.40
«-number»,«person:upper»,"«address:us»",«phone:dashed»,102.95""",
    """
What our customers say

“They came on time and left the place spotless.”
— «person», homeowner

“Second roof they did for us. Would hire again.”
— «person:first» and «person», Tulsa""",
    """
For more information contact «person» at «phone:dashed» or «email». Dues of $25 are payable by June 1 to our treasurer,
«person», «address:us». New members: ask for Mrs. «person:last» at the door.""",
    """
«-time» INFO  checkout.Service - order «-order» placed customer="«person»" email=«email» ip=«ip» ship_to="«address:us»" items=3
«-time» WARN  mailer - could not greet user name='«person»' id=«-uuid»""",
    """
You are now chatting with «person:first».
«person:first»: Thank you for contacting us, may I have your full name and address please?
Customer: «person»
Customer: «address:us»
«person:first»: Thank you, Ms. «person:last». Your ticket is «-order».""",
    """
«person»
«address:uk»

«-date»

Our ref: «-invoice»

Dear ⟨Mr|Ms|Mrs|Miss⟩ «person:last»,

Council tax: change of address

We have been told that you moved to «address:uk» on «-date». Please let us know within 21 days if that is wrong.

Yours sincerely,

«person:initials»
Head of Revenues""",
    """
RE: «person:comma»     DOB: «-date»     MRN: «-number»
Referring physician: «person», M.D.

Dear Dr. «person:last»:
Thank you for referring this pleasant 61-year-old woman. Blood pressure 128/82. Follow up in six weeks.
Dictated by: «person:initial», MD
cc: «person», RN""",
    """
«person:upper»
«address:us» | «phone:us_mobile» | «email»

OBJECTIVE  A full-time position in hospitality
EXPERIENCE  «-company», front desk, «-date» to present
REFERENCES  «person», manager, «phone:us_mobile»""",
    """
/*
 * Copyright (c) 2009-2017 «person» <«email:work»>
 * @author «person»
 * Contributors: «person:double», «person:foreign»
 * This program is free software; see COPYING.
 */""",
    """
Spring lecture. Speaker: Prof. «person:foreign», «-company». Chair: Dr «person». Venue: «address:uk». Places are limited:
RSVP to «person:first» on «phone:gb_fixed» or at «email:work».""",
    """
SOLD TO:                              INVOICE «-invoice»
«person»                              Terms: net 30
«address:ca»
Salesperson: «person:first»           Paid by card «card»""",
    """
«-time» sshd[«-number»]: Accepted publickey for deploy from «ip» port 50122
«-time» kernel: IN=eth0 MAC=«mac» SRC=«ip:v6» DST=«-private_ip»
«-time» app: GET https://«url_credentials»@repo.acme-tools.io/simple/ 200
OPENAI_API_KEY=«api_key:openai» GITHUB_TOKEN=«api_key:github»""",
    """
Donations: IBAN «iban» or bitcoin «wallet:segwit». Boat position: GPS «coordinates». Passport no.: «passport:next».
Our van has license plate «licence_plate:us». Server key below, do not share:
«private_key:rsa»""",
)
CHINESE = templates(
    "zh",
    """
拟录用人员公示名单
序号　姓名　性别　报考岗位　总成绩
1　«person:zh»　男　综合管理　81.35
2　«person:zh»　女　财务会计　79.60
3　«person:zh»　女　信息技术　78.92
公示期5个工作日，监督电话：«phone:cn_fixed»。""",
    """
订单信息
⟨收货地址|配送地址|收货信息⟩：«person:zh» «phone:cn» «address:cn»
下单时间：«-time»　订单编号：«-order»　实付款：«-price»""",
    """
本店诚聘厨师一名、洗碗工两名，包吃住。面试地址：«address:city»，联系人：«person:surname»女士，电话：«phone:cn»（微信同号）。""",
    """
上诉人（原审被告）：«person:zh»，男，1975年3月8日出生，汉族，农民，住«address:village»。
被上诉人（原审原告）：«person:zh»，女，汉族，住«address:cn»。
委托诉讼代理人：«person:zh»，某律师事务所律师。
审　判　长　　«person:zh»
审　判　员　　«person:zh»
书　记　员　　«person:zh»""",
    """
本报讯（记者 «person:zh» 通讯员 «person:zh»）«-words_zh»«-words_zh»
责任编辑：«person:zh»　　来源：本报""",
    """
基于深度学习的水位预测方法
«person:zh»，«person:zh»，«person:zh»
摘　要：«-words_zh»
作者简介：«person:zh»（1983—），男，副教授，研究方向为水文预报。
通信作者：«person:zh»，E-mail：«email:work»
收稿日期：«-date»　DOI：«-doi»""",
    """
发件人：«person:zh»
发送时间：«-time»
收件人：«person:zh»；«person:zh»
抄送：«person:zh»
主题：答复：二期合同

«person:surname»总，您好：
合同已盖章，请把发票寄到«address:city»，«person:zh»收，电话«phone:cn»。

祝好
«person:zh»""",
    """
«person:zh» 2019/3/5 10:22:31
地址发我一下
«person:zh» 2019/3/5 10:23:08
«address:cn» «person:zh» «phone:cn»""",
    """
«-time» INFO OrderController - 提交订单 userName=«person:zh»&mobile=«phone:cn»&address=«address:cn»&orderNo=«-order»
«-time» DEBUG 收货人=«person:zh», 省市区=null, ip=«ip»""",
    """
尊敬的家长：
　　您好！本周五下午召开家长会，请准时参加。有事请与班主任«person:surname»老师联系，电话：«phone:cn»。
　　　　　　　　　　　　　　　三（2）班班主任：«person:zh»
　　　　　　　　　　　　　　　«-date»""",
    """
姓名：«person:zh»　性别：男　年龄：56岁　科别：消化内科　病案号：«-number»
临床诊断：慢性胃炎
送检医师：«person:zh»　报告医师：«person:zh»　审核医师：«person:zh»　报告日期：«-date»""",
    """
权利人　　　«person:zh»、«person:zh»
共有情况　　共同共有
坐落　　　　«address:city»
权利类型　　国有建设用地使用权/房屋所有权
面　积　　　89.53平方米""",
    """
«-company_zh»
联 系 人：«person:zh»（先生）
电　　话：«phone:cn_fixed»
手　　机：«phone:cn»
地　　址：«address:cn»
邮　　编：450000""",
    """
投保人：«person:zh»　证件号码：«resident_id»
被保险人：«person:zh»　与投保人关系：配偶
受益人：«person:zh»　受益比例：100%
通讯地址：«address:cn»
保单号：«-number»　业务员：«person:zh»""",
    """
项目办公会会议纪要
时间：«-time»　地点：三楼会议室
主持人：«person:zh»
参会人员：«person:zh»、«person:zh»、«person:zh»、«person:surname»工
记录人：«person:zh»""",
    """
一、采购人信息
名　称：«-company_zh»
地　址：«address:city»
联系方式：«person:surname»老师 «phone:cn_fixed»
二、评审专家名单：«person:zh»、«person:zh»、«person:zh»（采购人代表）""",
    """
各位街坊，我家住«address:road»，每天«-clock»以后都有人，捡到钱包的请送来或者打«phone:cn»找«person:surname»阿姨，必有重谢。""",
    """
辅导员老师：
　　我因身体不适，需请假两天，望批准。
　　此致
敬礼
　　　　　　　　学生：«person:zh»
　　　　　　　　«-date»""",
    """
[数据库] url=mysql://«url_credentials»@«ip»:3306/crm
[短信] accessKeyId=«api_key:aws»
设备MAC：«mac»　打款卡号：«card:union»　车牌号：«licence_plate:cn»　护照号码：«passport:cn»""",
    """
受文者：«person:tw»君
地址：«address:tw»
承辦人：«person:tw»　電話：«phone:tw_fixed»　傳真：«phone:tw_fixed»
主旨：有關 台端申請建物使用執照案，請於«-date»前補正。""",
    """
匯款完請留言：
訂購人：«person:tw»
收件人：«person:tw»
電話：«phone:tw»
地址：«address:tw»
匯款帳號後五碼：48213""",
    """
上訴人　　«person:tw»　住«address:tw»
訴訟代理人　«person:tw»律師
被上訴人　«-company_zh»
法定代理人　«person:tw»
上列當事人間請求給付工程款事件，本院判決如下：上訴駁回。""",
    """
«person:tw_surname»先生您好：
感謝來信，保固期間內可免費更換，請將商品寄至«address:tw»，註明「«person:tw_surname»小姐收」即可。
敬祝　順心
客服專員 «person:tw» 敬上""",
)
DECOYS = [
    *templates(
        "en",
        """
Now streaming: 21 Jump Street, 10 Cloverfield Lane, Sunset Boulevard, A Nightmare on Elm Street, Revolutionary Road and
84 Charing Cross Road. Also: Sesame Street, Coronation Street, The Good Place.""",
        """
Shares of Morgan Stanley, Wells Fargo, Johnson & Johnson, Ernst & Young, Marks and Spencer, Harley Davidson and Best Buy
rose 1.4% on «-date», while «-company» fell.""",
        """
Posted by: Admin. Author: Staff Writer. Owner: Parks Department. Manager: TBD. Prepared by: Finance Committee.
Reporter: Associated Press. Assignee: Unassigned. From: No Reply. Contact: Press Office. Speaker: To Be Announced.""",
        """
The tour goes from Fort Wayne and Lake Charles to San Jose, Saint Paul and Mount Vernon; the Washington Monument is closed
on Columbus Day. Next: Times Square, Wall Street, Central Park West and Pennsylvania Avenue.""",
        """
Topics: Bayes Theorem, Gaussian Blur, Kalman Filter, Fourier Transform, Markov Chain, Turing Machine, Hello World, Monte
Carlo, Nash Equilibrium, Pearson Correlation, Newton Method (Chapter 4). See «-doi».""",
        """
Dear Professor, Dear Hiring Manager, Dear Valued Customer, Mr. President, Madam Chairwoman and Your Honor are correct. The
doctor will see you now, and so will Mrs. or Ms. whoever. Add two cans of Dr Pepper and a Mr. Coffee filter.""",
        """
public class Person { private String firstName; private Address address; Name name = new Name(); }
const user = { name: props.name, address: props.address, contact: UserContact.Default };
struct Street { int number; char *name; };  // Author: see git log""",
        """
500 GB Hard Drive, 4 Wheel Drive, 2 Way Radio, 3 Way Switch, 12 Foot Square, 18 Hole Court, 7 Day Trail Pass, 100 Mile
Drive, 1 Stop Place. Nike Air Jordan, Calvin Klein, Tommy Hilfiger, Black Friday: «-price».""",
        """
Billing address: same as shipping. Memory address: 0x7ffe4c. Return address: see stack. Address: required field. Venue:
Online. Location: Remote, Anywhere. Ship to: Store. Mailing Address: ______________ City: ________ State: __ ZIP: _____""",
        """
Happy Holidays from all of us!

Best regards,
Customer Service Team

Sincerely,
Board of Directors

Home | About Us | Site Map | Privacy Policy | Terms of Use | Contact Sales""",
    ),
    *templates(
        "zh",
        """
推荐书目：《白鹿原》《金陵十三钗》《高山下的花环》《白夜行》《孔乙己》《方与圆》；电影《成都街28号》《和平饭店》今日上映。""",
        """
王老吉、周大福、李锦记、张小泉剪刀、马应龙、同仁堂、谭木匠、江小白、康师傅均已入驻商城，«-company_zh»旗舰店满300减40。""",
        """
作者：佚名　编辑：本站　来源：互联网　发布者：管理员　审核：办公室　联系人：客服中心　负责人：各科室主任　记录人：综合科　译者：未知""",
        """
张家界、石家庄、马鞍山、黄山、周口店、秦皇岛、陈家祠、王府井、钱塘江、高碑店、唐山、余杭、方庄今日多云，温度12至18度。""",
        """
各位老师、尊敬的先生/女士、亲爱的家长、值班医生、副教授、总经理、高级工程师、全国人大代表、小姐姐们：请于«-date»前填表。""",
        """
高斯模糊、马尔可夫链、傅里叶变换、方差分析、向量空间、时间序列、卷积核、贝叶斯公式、牛顿法、段错误、常量池、任务队列。«-words_zh»""",
        """
地址：线上　地点：另行通知　住址：同上　内存地址：0x3FA0　收货地址：未填写　IP地址：«-private_ip»　网址：见首页　籍贯：不详""",
        """
12路公交、地铁5号线、人民路小学、解放路派出所、南京路步行街、丝绸之路、一路平安、第28号令、3号台风、6号文件、2号机组、京广线。""",
        """
{"姓名": "", "地址": null, "联系人": "N/A", "name": "系统管理员", "部门": "安全管理部", "编号": "«-number»"}
String address = order.getAddress(); // 收货人姓名不能为空""",
        """
聯絡人：客服中心　承辦人：總務處　地址：請見官網　主持人：待定　主任委員、執行長、總幹事均出席。高雄捷運、板橋車站、江南料理、金馬獎。""",
    ),
]
